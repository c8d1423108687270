import { describe, expect, it } from "vitest";
import { openText, sealText } from "../../../src/durable/sealed-text.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const OTHER_KEY = "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=";

describe("a sealed text", () => {
  it.each(["", "key;secret", "ä\u0000", "\ufeffx", "x".repeat(10_000)])("opens as it was", async (text) => {
    expect(await openText(await sealText(text, "test", ["a"], KEY), "test", ["a"], KEY)).toBe(text);
  });

  it("opens for its own owner and purpose alone, and under its own key", async () => {
    const sealed = await sealText("secret", "test", ["a", "b"], KEY);
    expect(await openText(sealed, "test", ["a", "b"], KEY)).toBe("secret");
    const others = [
      openText(sealed, "test", ["ab"], KEY),
      openText(sealed, "test", ["a", "b", ""], KEY),
      openText(sealed, "test", ['a","b'], KEY),
      openText(sealed, "other", ["a", "b"], KEY),
      openText(sealed, "test", ["a", "b"], OTHER_KEY),
      openText({ ...sealed, iv: sealed.ciphertext.slice(0, 16) }, "test", ["a", "b"], KEY),
      openText({ ...sealed, ciphertext: `${sealed.ciphertext}AAAA` }, "test", ["a", "b"], KEY),
      openText({ iv: "", ciphertext: "" }, "test", ["a", "b"], KEY),
    ];
    expect(await Promise.all(others)).toEqual(others.map(() => null));
  });

  it("shows nothing of itself but its length, and never looks the same twice", async () => {
    const [one, two] = [await sealText("secret", "test", [], KEY), await sealText("secret", "test", [], KEY)];
    expect(one).not.toEqual(two);
    expect(new TextDecoder().decode(Uint8Array.fromBase64(one.ciphertext, { alphabet: "base64url" }))).not.toContain(
      "secret",
    );
  });
});
