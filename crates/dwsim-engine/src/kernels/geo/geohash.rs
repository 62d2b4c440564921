//! GeoHash (base 32 of interleaved bisections) and GeoSquare (an integer per square of a global grid).
//! Both are exact on doubles: a cell halves until doubles cannot tell its sides apart.

use super::model::{Coord, Shape};

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Characters of the longest hash this writes.
pub const MAX_HASH: usize = 64;
/// Subdivisions of the finest square, which fills all 64 bits.
pub const MAX_SQUARE: u32 = 32;

/// A cell in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// West and south.
    pub low: Coord,
    /// East and north.
    pub high: Coord,
}

impl Cell {
    /// The whole earth.
    pub const WORLD: Cell = Cell {
        low: Coord::new(-180.0, -90.0),
        high: Coord::new(180.0, 90.0),
    };

    /// The cell as a polygon, from its south-western corner northwards; a point when it has no extent.
    pub fn shape(&self) -> Shape {
        let (a, b) = (self.low, self.high);
        if a.same_place(b) {
            return Shape::Point(Some(a));
        }
        Shape::Polygon(vec![vec![
            a,
            Coord::new(a.x, b.y),
            b,
            Coord::new(b.x, a.y),
            a,
        ]])
    }

    /// The middle.
    pub fn center(&self) -> Coord {
        Coord::new(
            f64::midpoint(self.low.x, self.high.x),
            f64::midpoint(self.low.y, self.high.y),
        )
    }

    /// Keeps the half of one axis that `upper` says.
    fn halve(&mut self, longitude: bool, upper: bool) {
        let (low, high) = if longitude {
            (&mut self.low.x, &mut self.high.x)
        } else {
            (&mut self.low.y, &mut self.high.y)
        };
        let middle = (*low + *high) / 2.0;
        if upper {
            *low = middle;
        } else {
            *high = middle;
        }
    }

    /// Whether a position is in the upper half of one axis.
    fn upper(&self, longitude: bool, c: Coord) -> bool {
        if longitude {
            c.x >= (self.low.x + self.high.x) / 2.0
        } else {
            c.y >= (self.low.y + self.high.y) / 2.0
        }
    }
}

/// The hash of a position with this many characters.
pub fn hash(c: Coord, characters: usize) -> String {
    let mut cell = Cell::WORLD;
    let mut longitude = true;
    (0..characters.min(MAX_HASH))
        .map(|_| {
            let mut index = 0usize;
            for _ in 0..5 {
                let upper = cell.upper(longitude, c);
                cell.halve(longitude, upper);
                index = index * 2 + usize::from(upper);
                longitude = !longitude;
            }
            char::from(ALPHABET[index])
        })
        .collect()
}

/// The longest hash whose cell holds two positions, of at most `most` characters.
pub fn common_hash(a: Coord, b: Coord, most: usize) -> String {
    let (a, b) = (hash(a, most), hash(b, most));
    a.chars()
        .zip(b.chars())
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x)
        .collect()
}

/// The cell of a hash, of which `characters` are read; None when a character is not of the alphabet.
pub fn cell(text: &str, characters: usize) -> Option<Cell> {
    let mut cell = Cell::WORLD;
    let mut longitude = true;
    for b in text.bytes().take(characters) {
        let b = b.to_ascii_lowercase();
        let index = ALPHABET.iter().position(|a| *a == b)?;
        for bit in (0..5).rev() {
            cell.halve(longitude, index >> bit & 1 == 1);
            longitude = !longitude;
        }
    }
    Some(cell)
}

/// The square that holds a position after this many subdivisions (1 to [`MAX_SQUARE`]): a marker bit, the hemisphere,
/// and two bits a step for north-west, north-east, south-west and south-east.
pub fn square(c: Coord, steps: u32) -> i64 {
    let mut cell = Cell::WORLD;
    let mut out = 1u64;
    for step in 0..steps.min(MAX_SQUARE) {
        let east = cell.upper(true, c);
        cell.halve(true, east);
        if step > 0 {
            let north = cell.upper(false, c);
            cell.halve(false, north);
            out = out << 1 | u64::from(!north);
        }
        out = out << 1 | u64::from(east);
    }
    out as i64
}

/// The cell of a square, of whose subdivisions at most `steps` are made; None when the number is no square.
pub fn square_cell(id: i64, steps: Option<u32>) -> Option<Cell> {
    let id = id as u64;
    if id < 2 {
        return None;
    }
    // One bit for the hemisphere and two for every further step, below the marker.
    let bits = 63 - id.leading_zeros();
    if bits.is_multiple_of(2) {
        return None;
    }
    let bit = |i: u32| id >> i & 1 == 1;
    let mut cell = Cell::WORLD;
    cell.halve(true, bit(bits - 1));
    let depth = bits.div_ceil(2);
    for step in 1..depth.min(steps.unwrap_or(u32::MAX)) {
        let at = bits - 1 - 2 * step;
        cell.halve(true, bit(at));
        cell.halve(false, !bit(at + 1));
    }
    Some(cell)
}
