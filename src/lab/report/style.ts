/** How the report looks: on paper, on a phone, in the light and in the dark. */
export const style = `
:root{color-scheme:light dark;--page:#fff;--ink:#1f2328;--soft:#57606a;--rule:#d0d7de;--card:#f6f8fa;--ok:#116329;--no:#a40e26;--shade:#e5534b}
@media(prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#d1d7e0;--soft:#9aa4af;--rule:#30363d;--card:#161b22;--ok:#56d364;--no:#ff7b72}}
@media print{:root{color-scheme:light;--page:#fff;--ink:#000;--soft:#444;--rule:#bbb;--card:#fff;--ok:#116329;--no:#a40e26}*{print-color-adjust:exact}figure,tr{break-inside:avoid}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2rem 0 .5rem;border-top:1px solid var(--rule);padding-top:1rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p,li{max-width:46rem}
.soft{color:var(--soft)}
.verdict{font-weight:600;font-size:1.1rem}
.ok{color:var(--ok)}.no{color:var(--no)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:1.2rem 0 0}
figcaption{font-weight:600;font-size:.9rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.2rem 0 .3rem;padding:0;font-size:.8rem}
.legend i{display:inline-block;width:1.1em;height:.7em;margin-right:.35em;background:var(--hue)}
.legend i.solid{height:.2em;vertical-align:.25em}
.legend i.dashed{height:0;border-top:.2em dashed var(--hue);background:none;vertical-align:.25em}
.plot{position:relative;margin-left:3rem}
.plot svg{display:block;width:100%;overflow:visible}
.ys span{position:absolute;left:-3rem;width:2.6rem;text-align:right;font-size:.7rem;line-height:1;transform:translateY(-50%);color:var(--soft)}
.xs{position:relative;height:1.2rem;margin-left:3rem;font-size:.7rem;color:var(--soft)}
.xs span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.names span{position:absolute;top:2px;padding:0 3px;font-size:.7rem;line-height:1.1;text-align:center;overflow:hidden}
.shade{fill:var(--shade);opacity:.14}
.grid{stroke:var(--rule);fill:none;vector-effect:non-scaling-stroke;stroke-width:1}
.line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.dashed{stroke-dasharray:6 4}
.area{opacity:.75}
svg text{fill:var(--soft);font-size:12px}
.scatter{width:100%;max-width:46rem;height:auto}
code{background:var(--card);padding:0 .25em;border-radius:3px;overflow-wrap:anywhere}
@media(max-width:40rem){main{padding:.6rem}body{font-size:15px}.plot,.xs{margin-left:2.2rem}.ys span{left:-2.2rem;width:1.9rem}}
`
