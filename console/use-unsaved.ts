/** Whoever would lose what is entered on a page is asked first: by this console, or by the browser where the tab is left. */
import { useEffect } from "preact/hooks";
import { holdPage } from "./router.ts";

export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const leave = (event: Event) => event.preventDefault();
    holdPage(() => confirm("Leave this page? What you have changed here is not saved."));
    addEventListener("beforeunload", leave);
    return () => {
      holdPage(null);
      removeEventListener("beforeunload", leave);
    };
  }, [isUnsaved]);
}
