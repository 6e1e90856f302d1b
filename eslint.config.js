import js from "@eslint/js";
import globals from "globals";

// The film is put together by grokviz/view/film/assets.py, whose rules for imports and exports these are.
const BUNDLE = [
  { selector: "ExportDefaultDeclaration", message: "Export by name: files share one scope in the end." },
  { selector: "ImportDefaultSpecifier, ImportNamespaceSpecifier", message: "Import { names }." },
  { selector: "ExportSpecifier", message: "Write export before the declaration." },
];

export default [
  js.configs.recommended,
  {
    files: ["grokviz/**/*.js"],
    languageOptions: { globals: { ...globals.browser, PALETTE: "readonly", WORDS: "readonly" } },
    rules: {
      "no-restricted-syntax": ["error", ...BUNDLE],
      "no-unused-vars": ["error", { args: "none" }],
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      eqeqeq: "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 40, skipComments: true, skipBlankLines: true }],
      "max-params": ["error", 6],
    },
  },
  { files: ["tests/**/*.js", "eslint.config.js"], languageOptions: { globals: globals.node } },
  { ignores: [".venv/", "node_modules/", "grokviz/view/film/js/vendor/"] },
];
