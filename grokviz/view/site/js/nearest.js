// Which of a handful of cases is nearest to what is asked for.

/** `query` is what the address says of it.
 * @typedef {{ run: string, label: string, query: Record<string, string>, text: string, files: string[] }} SiteCase */

const OTHER = 1e6; // farther than any two pairs are apart

/** How far a case is from what is asked for. @param {SiteCase} one @param {(name: string) => string | null} asked */
export function farFrom({ query: own }, asked) {
  return Object.entries(own).reduce((far, [name, value]) => {
    const wanted = asked(name);
    if (wanted === null || wanted === value) return far;
    return far + (/^\d+$/.test(wanted) && /^\d+$/.test(value) ? Math.min(OTHER - 1, Math.abs(Number(wanted) - Number(value))) : OTHER);
  }, 0);
}

/** @param {SiteCase[]} cases @param {(name: string) => string | null} asked */
export const nearestCase = (cases, asked) => cases.reduce((near, one) => (farFrom(one, asked) < farFrom(near, asked) ? one : near));
