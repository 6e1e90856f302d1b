// What the film finds in the page: the palette in front of its script, and what all its parts on one page share.

interface Palette {
  series: Record<string, { light: string; dark: string; lightText: string; darkText: string; dash: number[] }>;
  phases: Record<string, { light: string; dark: string }>;
  fates: Record<string, { light: string; dark: string }>;
  frequencies: { light: string[]; dark: string[] };
  viridis: string[];
  cividis: string[];
}

declare const PALETTE: Palette;
declare var grokvizScrubbers: import("./kit/registry.js").Registry;
declare var grokvizHover: import("./kit/hover.js").HoverBus;
declare var grokvizCommands: Map<string, object>;
declare var grokvizPanels: typeof import("./places.js").mountPanels;
declare var grokvizCarried: Uint8Array[] | undefined;
declare var grokvizStyle: string | undefined;
declare var grokvizPlayed: boolean | undefined;
declare var grokvizPresented: boolean | undefined;
declare var grokvizPage: string | undefined;
declare var grokvizContrast: CSSStyleSheet | undefined;
declare var grokvizPrint: CSSStyleSheet | undefined;
declare var grokvizStopHidden: MutationObserver | undefined;

declare const WORDS: Record<string, [word: string, meaning: string]>;
declare var grokvizCosets: Map<string, boolean>;
declare var grokvizStep: import("../../elsewhere/js/clock.js").SharedStep;
