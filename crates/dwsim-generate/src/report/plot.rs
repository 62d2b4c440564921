//! A histogram as inline SVG: bars of what was found, a line of what is declared. Size and colours are the page's, by the
//! classes `plot`, `bar`, `declared` and `axis`, since a policy of a page may forbid styles in the markup.

use std::fmt::Write;

use super::Plot;
use super::html::escaped;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 72.0;

/// The plot of a column; its name and labels are escaped.
#[must_use]
pub fn svg(plot: &Plot, name: &str) -> String {
    let n = plot.found.len().max(1) as f64;
    let all = plot.found.iter().chain(&plot.expected);
    let highest = all.fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
    let step = WIDTH / n;
    let y = |share: f64| HEIGHT - share / highest * (HEIGHT - 4.0);
    let mut out = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Histogram of {}\" preserveAspectRatio=\"none\">",
        escaped(name)
    );
    for (i, (share, label)) in plot.found.iter().zip(&plot.labels).enumerate() {
        let expected = plot.expected.get(i);
        let declared =
            expected.map_or_else(String::new, |e| format!(", declared {:.2} %", e * 100.0));
        let _ = write!(
            out,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}: {:.2} %{declared}</title></rect>",
            i as f64 * step,
            y(*share),
            (step * 0.86).max(0.6),
            HEIGHT - y(*share),
            escaped(label),
            share * 100.0
        );
    }
    if !plot.expected.is_empty() {
        let points: Vec<String> = plot
            .expected
            .iter()
            .enumerate()
            .map(|(i, share)| format!("{:.1},{:.1}", (i as f64 + 0.43) * step, y(*share)))
            .collect();
        match points.as_slice() {
            // a line needs two ends
            [_] => {
                let _ = write!(
                    out,
                    "<line class=\"declared\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>",
                    y(plot.expected[0])
                );
            }
            _ => {
                let _ = write!(
                    out,
                    "<polyline class=\"declared\" points=\"{}\"/>",
                    points.join(" ")
                );
            }
        }
    }
    let _ = write!(
        out,
        "<line class=\"axis\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{0}\" y2=\"{0}\"/></svg>",
        HEIGHT - 0.5
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_leave_their_place() {
        let plot = Plot {
            labels: vec!["</title><script>".into(), "\"b\"".into()],
            found: vec![0.5, 0.5],
            expected: vec![1.0, 0.0],
        };
        let svg = svg(&plot, "a\" onload=\"x");
        assert!(
            !svg.contains("<script") && !svg.contains("\" onload"),
            "{svg}"
        );
        assert!(svg.contains("polyline"));
    }
}
