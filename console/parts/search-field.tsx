/** A field to find something by, which `/` leads to. The text is sent as it is, without the space around it. */
import { useId, useState } from "preact/hooks";

type SearchFieldProps = { readonly label: string; readonly verb: string; readonly search: (text: string) => void };

export function SearchField({ label, verb, search }: SearchFieldProps) {
  const [text, setText] = useState("");
  const field = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() !== "") search(text.trim());
  };
  return (
    <form role="search" class="field" onSubmit={submit}>
      <label htmlFor={field}>{label}</label>
      <div class="joined">
        <input
          id={field}
          type="search"
          class="mono"
          value={text}
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit">{verb}</button>
      </div>
    </form>
  );
}
