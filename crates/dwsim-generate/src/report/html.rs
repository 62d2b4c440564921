//! The report as one page that needs nothing else: tables, and a small plot for every column.
//! Numbers are made by the other modules.

use crate::check::Checked;
use crate::report::{Comparison, Metric, Report, svg};

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2126;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dae0;padding-bottom:.25rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid #eceff2;vertical-align:top}\
th{font-weight:600;color:#59636e}.n{text-align:right;font-variant-numeric:tabular-nums}.ok{color:#1a7f37}.bad{color:#cf222e;font-weight:600}\
.m{color:#59636e}.plot{display:block;width:220px;height:44px}.bar{fill:#4c8eda}.declared{fill:none;stroke:#e0762f;stroke-width:1.5;vector-effect:non-scaling-stroke}.axis{stroke:#d5dae0}.k{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}\
@media(prefers-color-scheme:dark){body{background:#0f1419;color:#dfe4ea}td,th{border-color:#232a31}h2{border-color:#2f3842}}";

/// A self-contained page.
#[must_use]
pub fn html(
    title: &str,
    report: &Report,
    checked: Option<&Checked>,
    comparisons: &[Comparison],
) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style></head><body><h1>{0}</h1>",
        escaped(title)
    );
    let rows: u64 = report.tables.iter().map(|t| t.rows).sum();
    let all = report.metrics().count();
    let bad = report.metrics().filter(|(_, _, m)| !m.ok).count();
    out.push_str(&format!(
        "<p>{rows} rows in {} tables; {} of {all} distances within what chance allows.</p>",
        report.tables.len(),
        all - bad
    ));
    if let Some(checked) = checked {
        checks(&mut out, checked);
    }
    for comparison in comparisons {
        compared(&mut out, comparison);
    }
    out.push_str("<p class=\"m\"><span class=\"k\" style=\"background:#4c8eda\"></span>data<span class=\"k\" style=\"background:#e0762f\"></span>declared</p>");
    for table in &report.tables {
        out.push_str(&format!(
            "<h2>{} <span class=\"m\">{} rows</span></h2><table><tr><th>column</th><th>type</th><th>made by</th><th class=\"n\">NULLs</th><th>distances</th><th>values</th></tr>",
            escaped(&table.name),
            table.rows
        ));
        for column in &table.columns {
            let metrics: Vec<String> = column.metrics.iter().map(metric).collect();
            out.push_str(&format!(
                "<tr><td>{}{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.2} %</td><td>{}</td><td>{}</td></tr>",
                escaped(&column.name),
                if column.pii { " <span class=\"m\">pii</span>" } else { "" },
                escaped(&column.ty),
                escaped(&column.declared),
                column.nulls * 100.0,
                metrics.join("<br>"),
                (column.plot.as_ref()).map_or_else(String::new, |p| svg(p, &column.name))
            ));
        }
        out.push_str("</table>");
        for pair in &table.pairs {
            out.push_str(&format!("<p>{}</p>", metric(pair)));
        }
    }
    out.push_str("</body></html>\n");
    out
}

fn checks(out: &mut String, checked: &Checked) {
    let broken: Vec<_> = checked.checks.iter().filter(|c| c.violations > 0).collect();
    out.push_str(&format!(
        "<h2>Rules</h2><p class=\"{}\">{} rules checked, {} broken.</p>",
        if broken.is_empty() { "ok" } else { "bad" },
        checked.checks.len(),
        broken.len()
    ));
    if broken.is_empty() {
        return;
    }
    out.push_str("<table><tr><th>table</th><th>column</th><th>rule</th><th>declared</th><th class=\"n\">broken</th><th>example</th></tr>");
    for c in broken {
        out.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{} of {}</td><td>{}</td></tr>",
            escaped(&c.table),
            escaped(&c.column),
            c.rule,
            escaped(&c.declared),
            c.violations,
            c.checked,
            escaped(c.example.as_deref().unwrap_or_default())
        ));
    }
    out.push_str("</table>");
}

fn compared(out: &mut String, comparison: &Comparison) {
    out.push_str(&format!(
        "<h2>{} against its sample <span class=\"m\">quality {:.3}</span></h2><table><tr><th>metric</th><th>column</th><th class=\"n\">score</th></tr>",
        escaped(&comparison.table),
        comparison.quality()
    ));
    for score in &comparison.scores {
        out.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{:.3}</td></tr>",
            score.metric,
            escaped(&score.column),
            score.score
        ));
    }
    out.push_str("</table>");
}

fn metric(m: &Metric) -> String {
    let class = if m.ok { "ok" } else { "bad" };
    format!(
        "<span class=\"{class}\">{} {:.5}</span> <span class=\"m\">of {:.5}: {}</span>",
        m.name,
        m.value,
        m.bound,
        escaped(&m.of)
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
