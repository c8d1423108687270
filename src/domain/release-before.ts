/** What an object is asked that still runs the release before: it has no such method, and so none of what the method would tell. */

/** The answer, or `before` where there was no such question before. Any other failure stays one. */
export async function unlessBefore<T, Before>(answer: PromiseLike<T>, before: Before): Promise<T | Before> {
  try {
    return await answer;
  } catch (cause) {
    // So the platform says that the method is missing.
    if (cause instanceof TypeError) return before;
    throw cause;
  }
}

/** The answer, or nothing where there was no such question before. */
export async function noneBefore<T>(answer: PromiseLike<readonly T[]>): Promise<readonly T[]> {
  return await unlessBefore(answer, []);
}
