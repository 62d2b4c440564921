//! Numeric functions: rounding, elementary functions, bits, buckets.
//! Arithmetic operators are `kernels::arithmetic`; names and parameters are in the dialects' tables.

mod bind;
mod bits;
mod math;
mod random;
mod round;

pub use bind::{
    abs, ceil, div0, div0_null, floor, modulo, power, round as round_bind, sign, truncate,
};
pub use bits::{
    bit_and, bit_binary, bit_count, bit_not, bit_not_binary, bit_or, bit_shift_binary,
    bit_shift_left, bit_shift_right, bit_xor, get_bit,
};
pub use math::{
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, cot, degrees, exp, factorial,
    haversine, ln, log, log10, pi, radians, sin, sinh, sqrt, square, tan, tanh, width_bucket,
};
pub use random::{
    normal, random_float, random_int, random_of_row, randstr, uniform_float, uniform_int,
    uuid_string, zipf,
};
pub use round::{
    abs_decimal, abs_float, abs_int, round_decimal, round_float, sign_number, truncate_decimal,
    truncate_float,
};
