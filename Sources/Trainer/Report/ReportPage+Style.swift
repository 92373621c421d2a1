extension ReportPage {
    /// Colours have a contrast of 4.5 to their ground for text and of 3 for marks, in light and in dark.
    static let style = """
        :root{color-scheme:light dark;--ground:#fff;--ink:#15191e;--quiet:#4b5563;--line:#d5dae0;--link:#0b5f85;
        --c0:#0b6e99;--c1:#c2410c;--c2:#4d7c0f;--c3:#7e22ce;--c4:#a16207;--c5:#475569}
        @media(prefers-color-scheme:dark){:root{--ground:#14171c;--ink:#eceff3;--quiet:#aab3bf;--line:#3a414b;
        --link:#7fd0f7;--c0:#5cc8f5;--c1:#ff9d6b;--c2:#a3d65c;--c3:#cfa1ff;--c4:#e8c547;--c5:#a9b8cc}}
        html{background:var(--ground);color:var(--ink)}
        body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem;background:var(--ground);
        color:var(--ink);overflow-wrap:anywhere}
        h1{font-size:clamp(1.25rem,1rem + 1.4vw,1.9rem);line-height:1.3;margin:.2rem 0 1.2rem;max-width:60rem}
        h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--line)}
        p{max-width:60rem}a{color:var(--link)}.kind{margin:0;color:var(--quiet)}
        nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:0;margin:1.2rem 0}
        nav a{display:inline-block;padding:.3rem 0;min-height:1.5rem}
        .plots{display:grid;gap:1.2rem;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr))}
        figure{margin:0;min-width:0}figcaption{font-weight:600;margin-bottom:.3rem}svg{display:block;width:100%;
        max-width:26rem;height:auto}
        text{font:11px system-ui,sans-serif;fill:var(--ink)}text.quiet{fill:var(--quiet)}
        .grid{stroke:var(--line)}.ink{stroke:var(--ink)}.ring{fill:none;stroke:var(--ink);stroke-width:1.5}
        .line{fill:none;stroke-width:1.6}.line.c0{stroke-width:2.6}.wide{stroke-width:5;stroke-opacity:.55}
        .c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}
        .c5{stroke:var(--c5)}
        .fill{stroke:none}.fill.c0{fill:var(--c0)}.fill.c1{fill:var(--c1)}.fill.c2{fill:var(--c2)}
        .fill.c3{fill:var(--c3)}.fill.c4{fill:var(--c4)}.fill.c5{fill:var(--c5)}
        .scroll{overflow-x:auto;margin:.8rem 0 1.4rem}table{border-collapse:collapse}
        caption{text-align:left;font-weight:600;padding-bottom:.3rem}
        th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
        th{font-weight:600}tbody th{font-weight:400}th:first-child,td.text{text-align:left}
        td.text{white-space:normal;min-width:8rem;overflow-wrap:break-word}
        small{color:var(--quiet);font-size:.82em}
        """
}
