//! What a kernel is given: argument columns, the statement's environment, and helpers to read them.
//! Kernels return arrays; casting their result to the declared type is done by the caller (`scalar`).

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float64Array, Int64Array, LargeBinaryArray, PrimitiveArray, StringArray, StringBuilder,
    new_null_array,
};
use arrow::datatypes::{DataType, TimeUnit};

use crate::env::Env;
use crate::error::{Result, SqlError};
use crate::types::SqlType;

/// Computes a column from columns. The result has [`Call::rows`] rows.
pub type Kernel = fn(&Call<'_>) -> Result<ArrayRef>;

/// One argument: an array of `rows` values, or one value that stands for all rows.
#[derive(Debug, Clone)]
pub struct Column {
    /// `rows` values, or one when `scalar`.
    pub array: ArrayRef,
    /// The argument is a constant.
    pub scalar: bool,
}

impl Column {
    /// The index of the value for `row`.
    #[inline]
    pub fn index(&self, row: usize) -> usize {
        if self.scalar { 0 } else { row }
    }

    /// Whether the value for `row` is NULL.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.array.is_null(self.index(row))
    }
}

/// The arguments of one kernel invocation.
#[derive(Debug)]
pub struct Call<'a> {
    /// The function's name, for messages.
    pub name: &'a str,
    /// Argument columns, already coerced to the declared parameter types.
    pub args: &'a [Column],
    /// The SQL types of the arguments.
    pub types: &'a [SqlType],
    /// The SQL type of the result.
    pub returns: &'a SqlType,
    /// Number of rows to compute.
    pub rows: usize,
    /// The statement's environment: dialect, time zone, formats, clock, parameters.
    pub env: &'a Env,
}

/// A typed view of an argument that repeats scalars.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, A> {
    array: &'a A,
    scalar: bool,
}

macro_rules! view_get {
    ($array:ty, $item:ty) => {
        impl<'a> View<'a, $array> {
            /// The value for `row`, or None for NULL.
            #[inline]
            pub fn get(&self, row: usize) -> Option<$item> {
                let i = if self.scalar { 0 } else { row };
                if self.array.is_null(i) {
                    None
                } else {
                    Some(self.array.value(i))
                }
            }
        }
    };
}
view_get!(StringArray, &'a str);
view_get!(BinaryArray, &'a [u8]);
view_get!(LargeBinaryArray, &'a [u8]);
view_get!(Int64Array, i64);
view_get!(Float64Array, f64);
view_get!(BooleanArray, bool);
view_get!(Decimal128Array, i128);
view_get!(Date32Array, i32);

/// A column of one NULL; None for array types that kernels do not read by [`Call::view`].
fn one_null<A: Array + 'static>() -> Option<&'static A> {
    static NULLS: LazyLock<Vec<ArrayRef>> = LazyLock::new(|| {
        [
            DataType::Utf8,
            DataType::Binary,
            DataType::LargeBinary,
            DataType::Int64,
            DataType::Float64,
            DataType::Boolean,
            DataType::Decimal128(38, 0),
            DataType::Date32,
            DataType::Int32,
            DataType::Time64(TimeUnit::Nanosecond),
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ]
        .iter()
        .map(|ty| new_null_array(ty, 1))
        .collect()
    });
    NULLS.iter().find_map(|a| a.as_any().downcast_ref::<A>())
}

impl<'a> Call<'a> {
    /// Number of arguments given.
    pub fn len(&self) -> usize {
        self.args.len()
    }

    /// Whether no argument was given.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// Argument `i` as an array type, repeating a scalar.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::ArgumentTypes`] when it is an array of another type; an internal error when there is
    /// no such argument.
    pub fn view<A: Array + 'static>(&self, i: usize) -> Result<View<'a, A>> {
        let column = self
            .args
            .get(i)
            .ok_or_else(|| SqlError::internal(format!("{}: argument {i} is missing", self.name)))?;
        if let Some(array) = column.array.as_any().downcast_ref::<A>() {
            return Ok(View {
                array,
                scalar: column.scalar,
            });
        }
        // A bare NULL has no type of its own: it is one NULL of whatever is wanted.
        if let (DataType::Null, Some(array)) = (column.array.data_type(), one_null::<A>()) {
            return Ok(View {
                array,
                scalar: true,
            });
        }
        // Parameters of several kinds, such as text or binary, may be given in combinations that mean nothing.
        Err(crate::error::ErrorKind::ArgumentTypes {
            function: self.name.to_owned(),
            arguments: self
                .types
                .iter()
                .map(|t| self.env.dialect.type_name(t))
                .collect(),
        }
        .into())
    }

    /// Argument `i` as text (parameter kind Text).
    pub fn text(&self, i: usize) -> Result<View<'a, StringArray>> {
        self.view(i)
    }
    /// Argument `i` as 64-bit integers (parameter kind Int).
    pub fn int(&self, i: usize) -> Result<View<'a, Int64Array>> {
        self.view(i)
    }
    /// Argument `i` as floats (parameter kind Double).
    pub fn double(&self, i: usize) -> Result<View<'a, Float64Array>> {
        self.view(i)
    }
    /// Argument `i` as booleans (parameter kind Bool).
    pub fn bool(&self, i: usize) -> Result<View<'a, BooleanArray>> {
        self.view(i)
    }
    /// Argument `i` as text when it was given.
    pub fn optional_text(&self, i: usize) -> Result<Option<View<'a, StringArray>>> {
        (self.len() > i).then(|| self.text(i)).transpose()
    }
    /// Argument `i` as 64-bit integers when it was given.
    pub fn optional_int(&self, i: usize) -> Result<Option<View<'a, Int64Array>>> {
        (self.len() > i).then(|| self.int(i)).transpose()
    }
    /// Argument `i` as floats when it was given.
    pub fn optional_double(&self, i: usize) -> Result<Option<View<'a, Float64Array>>> {
        (self.len() > i).then(|| self.double(i)).transpose()
    }
    /// Argument `i` as booleans when it was given.
    pub fn optional_bool(&self, i: usize) -> Result<Option<View<'a, BooleanArray>>> {
        (self.len() > i).then(|| self.bool(i)).transpose()
    }
    /// Argument `i` as bytes (parameter kind Binary).
    pub fn bytes(&self, i: usize) -> Result<View<'a, BinaryArray>> {
        self.view(i)
    }
    /// Argument `i` as encoded VARIANT values (parameter kind Variant, Array, Object).
    pub fn variant(&self, i: usize) -> Result<View<'a, LargeBinaryArray>> {
        self.view(i)
    }
    /// Argument `i` as days since 1970-01-01 (parameter kind Date).
    pub fn date(&self, i: usize) -> Result<View<'a, Date32Array>> {
        self.view(i)
    }
    /// Argument `i` as unscaled decimals; the scale is that of `types[i]`.
    pub fn decimal(&self, i: usize) -> Result<View<'a, Decimal128Array>> {
        self.view(i)
    }

    /// Argument `i` of any primitive array type, as a function from the row.
    pub fn view_primitive<T: ArrowPrimitiveType>(
        &self,
        i: usize,
    ) -> Result<impl Fn(usize) -> Option<T::Native> + 'a> {
        let view = self.view::<PrimitiveArray<T>>(i)?;
        Ok(move |row| {
            let i = if view.scalar { 0 } else { row };
            view.array.is_valid(i).then(|| view.array.value(i))
        })
    }

    /// The constant text of argument `i`: `Some` when the argument is a constant, with `None` inside for NULL.
    pub fn constant_text(&self, i: usize) -> Option<Option<&'a str>> {
        let c = self.args.get(i)?;
        if !c.scalar {
            return None;
        }
        let a = c.array.as_any().downcast_ref::<StringArray>()?;
        Some(if a.is_null(0) { None } else { Some(a.value(0)) })
    }

    /// Computes a text column row by row.
    pub fn map_text<S: AsRef<str>>(
        &self,
        mut f: impl FnMut(usize) -> Result<Option<S>>,
    ) -> Result<ArrayRef> {
        let mut out = StringBuilder::with_capacity(self.rows, self.rows * 8);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Computes a 64-bit integer column row by row.
    pub fn map_int(&self, mut f: impl FnMut(usize) -> Result<Option<i64>>) -> Result<ArrayRef> {
        let mut out = Int64Array::builder(self.rows);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Computes a float column row by row.
    pub fn map_double(&self, mut f: impl FnMut(usize) -> Result<Option<f64>>) -> Result<ArrayRef> {
        let mut out = Float64Array::builder(self.rows);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Computes a boolean column row by row.
    pub fn map_bool(&self, mut f: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
        let mut out = BooleanArray::builder(self.rows);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Computes a bytes column row by row.
    pub fn map_bytes<B: AsRef<[u8]>>(
        &self,
        mut f: impl FnMut(usize) -> Result<Option<B>>,
    ) -> Result<ArrayRef> {
        let mut out = arrow::array::BinaryBuilder::with_capacity(self.rows, self.rows * 8);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// Computes a VARIANT column row by row, from encoded values.
    pub fn map_variant<B: AsRef<[u8]>>(
        &self,
        mut f: impl FnMut(usize) -> Result<Option<B>>,
    ) -> Result<ArrayRef> {
        let mut out = arrow::array::LargeBinaryBuilder::with_capacity(self.rows, self.rows * 16);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// An error that names this function.
    pub fn error(&self, message: impl Into<String>) -> SqlError {
        SqlError::argument(self.name, message)
    }
}
