/** Where a page is: the way back to what it belongs to. */
export function Trail({ steps }: { steps: readonly (readonly [text: string, href: string])[] }) {
  return (
    <nav class="trail" aria-label="Where this is">
      <ol>
        {steps.map(([text, href]) => (
          <li key={href}>
            <a href={href}>{text}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
