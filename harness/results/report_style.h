#pragma once

namespace crossover::harness {

/// The style sheet of HTML reports: light and dark by the reader's preference, tables that scroll
/// by themselves on small screens, and a print style in which nothing is cut off.
inline constexpr const char* report_style = R"(:root {
  color-scheme: light dark;
  --text: #1c2127; --faint: #5b6470; --page: #fdfdfc; --line: #d9dde2; --tint: #f1f3f5;
  --accent: #1f5fa8; --alert: #9a3412; --alert-tint: #fff4ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #dfe3e8; --faint: #9aa4b0; --page: #15181c; --line: #343a42; --tint: #1e2329;
    --accent: #7db3f0; --alert: #f5a97c; --alert-tint: #2c2119;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 {
  font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 .75rem; padding-top: 1rem;
  border-top: 1px solid var(--line); overflow-wrap: anywhere;
}
p, ul { max-width: 44rem; margin: .75rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); }
.subtitle, figcaption { color: var(--faint); }
.answer {
  border-left: .3rem solid var(--accent); background: var(--tint); padding: .5rem 1.25rem;
  border-radius: 0 .4rem .4rem 0;
}
.answer p { font-size: 1.15rem; line-height: 1.45; max-width: none; }
.warning {
  border-left: .3rem solid var(--alert); background: var(--alert-tint); padding: .6rem 1rem;
  border-radius: 0 .4rem .4rem 0;
}
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .84rem; line-height: 1.4; }
th, td {
  padding: .32rem .65rem .32rem 0; text-align: left; vertical-align: top; white-space: nowrap;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums;
}
.long { white-space: normal; min-width: 20rem; overflow-wrap: anywhere; }
th { color: var(--faint); font-weight: 600; border-bottom-width: 2px; }
.number { text-align: right; padding-left: .4rem; }
figure { margin: 1.25rem 0; }
figure img {
  display: block; max-width: 100%; height: auto; background: #fff; border-radius: .4rem;
  padding: .5rem; border: 1px solid var(--line);
}
figcaption { font-size: .86rem; margin-top: .4rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .92em; }
pre {
  background: var(--tint); border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem;
  overflow-x: auto; font-size: .86rem; line-height: 1.5;
}
@media print {
  :root { color-scheme: light; --text: #000; --page: #fff; --tint: #fff; --alert-tint: #fff;
          --faint: #444; --line: #bbb; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  table { font-size: 7pt; }
  th, td, .long { white-space: normal; min-width: 0; padding-right: .4rem; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure, tr, .answer { break-inside: avoid; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
}
)";

}  // namespace crossover::harness
