//! One column of a sample as a definition: type, uniqueness, NULLs, and the generator that comes closest.
//! Text is left to `text`, what columns have to do with each other to `relations`.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use dwsim_schema::{Distribution, LogicalType, Number};

use crate::check::moment;
use crate::learn::fit::{fit, numbers};
use crate::learn::{Definition, LearnError, counts, float, json, quoted, text};
use crate::source::units_of;

/// Most values that are listed as categories.
const CATEGORIES: usize = 24;

/// Fewest rows for which values that differ are taken to be distinct by intent.
const UNIQUE_ROWS: usize = 20;

/// Whether a column's name is that of its table's key: `id`, `customer_id` of `customers`.
pub(crate) fn is_key_name(column: &str, table: &str) -> bool {
    let (column, table) = (column.to_ascii_lowercase(), table.to_ascii_lowercase());
    let one = table.strip_suffix("ies").map(|t| format!("{t}y"));
    let one = one.unwrap_or_else(|| table.strip_suffix('s').unwrap_or(&table).to_owned());
    ["id", "key", "uuid", "code", "number"].iter().any(|k| {
        column == *k
            || [&one, &table].iter().any(|t| {
                column == format!("{t}_{k}")
                    || column == format!("{t}{k}")
                    || column == format!("{k}_{t}")
            })
    })
}

/// The definition of a column; `top` is false inside of JSON, where nothing is unique.
pub(crate) fn define(name: &str, array: &ArrayRef, top: bool) -> Result<Definition, LearnError> {
    let nulls = array.null_count();
    let known = array.len() - nulls;
    let found = counts(array)?;
    let unique = top && known >= UNIQUE_ROWS && found.len() == known && nulls == 0;
    let mut out = match array.data_type() {
        _ if known == 0 => Definition::of("varchar(50)").with("value", quoted("")),
        DataType::Boolean => {
            let yes = found.get("true").copied().unwrap_or(0);
            Definition::of("boolean").with("p", float(yes as f64 / known as f64, 4))
        }
        DataType::Utf8 => match json::define(name, array)? {
            Some(definition) => definition,
            None => text::define(name, &found, known, unique, top),
        },
        DataType::Binary => {
            let longest = found.keys().map(|k| k.len() / 2).max().unwrap_or(1);
            Definition::of(format!("binary({})", longest.max(1)))
        }
        DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..) => {
            temporal(array, unique)?
        }
        _ => numeric(array, &found, known, unique)?,
    };
    if nulls > 0 {
        out.remove("unique");
        out.set("nulls", float(nulls as f64 / array.len() as f64, 3));
    }
    Ok(out)
}

fn logical(array: &ArrayRef) -> LogicalType {
    match array.data_type() {
        DataType::Date32 => LogicalType::Date,
        DataType::Time64(_) => LogicalType::Time,
        DataType::Timestamp(_, Some(_)) => LogicalType::TimestampTz,
        _ => LogicalType::Timestamp,
    }
}

/// `start` and `step` of values that are equally far from each other, in their order.
fn sequence(units: &[Option<i128>]) -> Option<(i128, i128)> {
    let values: Vec<i128> = units.iter().copied().collect::<Option<_>>()?;
    let step = values.get(1)? - values.first()?;
    let even = values.len() >= 3 && step != 0 && values.windows(2).all(|w| w[1] - w[0] == step);
    even.then(|| (values[0], step))
}

fn temporal(array: &ArrayRef, unique: bool) -> Result<Definition, LearnError> {
    let ty = logical(array);
    let units = units_of(array)?;
    let name = match ty {
        LogicalType::Date => "date",
        LogicalType::Time => "time",
        LogicalType::TimestampTz => "timestamp_tz",
        _ => "timestamp",
    };
    let mut out = Definition::of(name);
    if ty != LogicalType::Time
        && let Some((start, step)) = sequence(&units)
    {
        out.set("generator", quoted("sequence"));
        out.set("start", quoted(&moment(ty, start)));
        out.set("step", quoted(&duration(ty, step)));
        return Ok(out);
    }
    let (min, max) = ends(&units);
    out.set(
        "range",
        format!(
            "[{}, {}]",
            quoted(&moment(ty, min)),
            quoted(&moment(ty, max))
        ),
    );
    if ty == LogicalType::Date {
        return Ok(out);
    }
    let of = |micros: i128| units.iter().flatten().all(|v| v % micros == 0);
    for (micros, word) in [
        (60_000_000, "minute"),
        (1_000_000, "second"),
        (1_000, "millisecond"),
        (1, "microsecond"),
    ] {
        if of(micros) {
            if micros != 1_000_000 {
                out.set("resolution", quoted(word));
            }
            // distinct by intent only where chance would have repeated some
            let room = (max - min) / micros + 1;
            if unique && (units.len() as i128) * (units.len() as i128) > 8 * room {
                out.set("unique", "true");
            }
            break;
        }
    }
    Ok(out)
}

/// A distance of points in time, in the greatest unit that divides it.
pub(crate) fn duration(ty: LogicalType, units: i128) -> String {
    if ty == LogicalType::Date {
        return format!("{units} days");
    }
    for (micros, word) in [
        (86_400_000_000, "days"),
        (3_600_000_000, "hours"),
        (60_000_000, "minutes"),
        (1_000_000, "seconds"),
        (1_000, "milliseconds"),
    ] {
        if units % micros == 0 {
            return format!("{} {word}", units / micros);
        }
    }
    format!("{units} microseconds")
}

fn ends(units: &[Option<i128>]) -> (i128, i128) {
    let known = || units.iter().flatten().copied();
    (known().min().unwrap_or(0), known().max().unwrap_or(0))
}

fn numeric(
    array: &ArrayRef,
    found: &std::collections::BTreeMap<String, u64>,
    known: usize,
    unique: bool,
) -> Result<Definition, LearnError> {
    let Some(values) = numbers(array) else {
        return Ok(Definition::of("varchar"));
    };
    let mut sorted: Vec<f64> = values
        .into_iter()
        .flatten()
        .filter(|v| v.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let float_type = matches!(array.data_type(), DataType::Float32 | DataType::Float64);
    if float_type {
        let mut out = Definition::of(if *array.data_type() == DataType::Float32 {
            "real"
        } else {
            "double"
        });
        shape(&mut out, &sorted, 0.0, false, |x| float(x, 12));
        return Ok(out);
    }
    let units = units_of(array)?;
    let (min, max) = ends(&units);
    let scale = match array.data_type() {
        DataType::Decimal128(_, scale) => u32::from(scale.unsigned_abs()),
        _ => 0,
    };
    let ty = if scale > 0 || matches!(array.data_type(), DataType::Decimal128(..)) {
        // a digit more than the sample needed
        let digits = min.unsigned_abs().max(max.unsigned_abs()).to_string().len() + 1;
        let precision = (digits as u32).max(scale + 1).clamp(4, 38);
        format!("decimal({precision},{scale})")
    } else if min >= -1_000_000_000 && max <= 1_000_000_000 {
        "integer".to_owned()
    } else {
        "bigint".to_owned()
    };
    let mut out = Definition::of(ty);
    if unique && let Some((start, step)) = sequence(&units) {
        if (start, step, scale) == (1, 1, 0) {
            return Ok(Definition::of("serial").with("unique", "true"));
        }
        out.set("generator", quoted("sequence"));
        out.set("start", Number::new(start, scale).to_string());
        out.set("step", Number::new(step, scale).to_string());
        out.set("unique", "true");
        return Ok(out);
    }
    let shown = |v: i128| Number::new(v, scale).to_string();
    let range = format!("[{}, {}]", shown(min), shown(max));
    // values that chance would have repeated
    if unique && (known as f64) * (known as f64) > 8.0 * ((max - min) as f64 + 1.0) {
        return Ok(out.with("range", range).with("unique", "true"));
    }
    if found.len() <= CATEGORIES && known >= 8 * found.len() && scale == 0 {
        let mut listed: Vec<(i128, u64)> = found
            .iter()
            .filter_map(|(t, n)| Some((t.parse().ok()?, *n)))
            .collect();
        listed.sort_unstable();
        let contiguous = listed.windows(2).all(|w| w[1].0 == w[0].0 + 1);
        if !contiguous || listed.len() <= 6 {
            let values: Vec<String> = listed.iter().map(|(v, _)| v.to_string()).collect();
            let weights: Vec<String> = listed.iter().map(|(_, n)| n.to_string()).collect();
            out.set("values", format!("[{}]", values.join(", ")));
            out.set("weights", format!("[{}]", weights.join(", ")));
            return Ok(out);
        }
    }
    let half = 0.5 * libm::pow(10.0, -f64::from(scale));
    shape(&mut out, &sorted, half, scale == 0, |x| {
        shown(libm::rint(x * libm::pow(10.0, f64::from(scale))) as i128)
    });
    Ok(out)
}

/// Writes the distribution that fits best.
fn shape(
    out: &mut Definition,
    sorted: &[f64],
    half: f64,
    whole: bool,
    bound: impl Fn(f64) -> String,
) {
    let (Some(min), Some(max)) = (sorted.first(), sorted.last()) else {
        return;
    };
    let range = format!("[{}, {}]", bound(*min), bound(*max));
    if min == max {
        out.set("value", bound(*min));
        return;
    }
    match fit(sorted, half, whole).map(|f| f.distribution) {
        Some(Distribution::Gaussian { mean, stddev }) => {
            out.set("distribution", quoted("gaussian"));
            out.set("mean", float(mean, 6));
            out.set("stddev", float(stddev, 6));
        }
        Some(Distribution::LogNormal { mu, sigma }) => {
            out.set("distribution", quoted("lognormal"));
            out.set("mu", float(mu, 6));
            out.set("sigma", float(sigma, 6));
        }
        Some(Distribution::Exponential { mean }) => {
            out.set("distribution", quoted("exponential"));
            out.set("mean", float(mean, 6));
        }
        Some(Distribution::Poisson { mean }) => {
            out.set("distribution", quoted("poisson"));
            out.set("mean", float(mean, 6));
        }
        _ => {}
    }
    out.set("range", range);
}
