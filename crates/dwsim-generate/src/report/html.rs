//! The report as one page that needs nothing else: tables, and a small plot for every column.
//! Numbers are made by the other modules.

use crate::check::Checked;
use crate::report::{Comparison, Metric, Plot, Report};

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2126;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dae0;padding-bottom:.25rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid #eceff2;vertical-align:top}\
th{font-weight:600;color:#59636e}.n{text-align:right;font-variant-numeric:tabular-nums}.ok{color:#1a7f37}.bad{color:#cf222e;font-weight:600}\
.m{color:#59636e}svg{display:block}.k{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}\
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
                column.plot.as_ref().map_or_else(String::new, svg)
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

/// Bars of the data, and a line of what is expected.
fn svg(plot: &Plot) -> String {
    const WIDTH: f64 = 220.0;
    const HEIGHT: f64 = 44.0;
    let n = plot.found.len().max(1) as f64;
    let highest = plot
        .found
        .iter()
        .chain(&plot.expected)
        .fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
    let step = WIDTH / n;
    let y = |share: f64| HEIGHT - share / highest * (HEIGHT - 2.0);
    let mut out = format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">"
    );
    for (i, (share, label)) in plot.found.iter().zip(&plot.labels).enumerate() {
        out.push_str(&format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#4c8eda\"><title>{}: {:.3} %</title></rect>",
            i as f64 * step,
            y(*share),
            (step * 0.86).max(0.6),
            HEIGHT - y(*share),
            escaped(label),
            share * 100.0
        ));
    }
    if !plot.expected.is_empty() {
        let points: Vec<String> = plot
            .expected
            .iter()
            .enumerate()
            .map(|(i, share)| format!("{:.1},{:.1}", (i as f64 + 0.43) * step, y(*share)))
            .collect();
        out.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#e0762f\" stroke-width=\"1.5\"/>",
            points.join(" ")
        ));
    }
    out.push_str("</svg>");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
