//! Geometries with two to four dimensions as owned trees, and the walks over them that every function needs.
//! Encodings are in `ewkb`, `wkt` and `geojson`; the algorithms of the `geo` crate see two dimensions (`convert`).

/// A position. Dimensions that the geometry does not have are 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coord {
    /// Easting or longitude.
    pub x: f64,
    /// Northing or latitude.
    pub y: f64,
    /// Height.
    pub z: f64,
    /// Measure.
    pub m: f64,
}

impl Coord {
    /// A position of two dimensions.
    pub const fn new(x: f64, y: f64) -> Self {
        Coord {
            x,
            y,
            z: 0.0,
            m: 0.0,
        }
    }

    /// Equal in the plane.
    pub fn same_place(self, other: Coord) -> bool {
        self.x == other.x && self.y == other.y
    }
}

/// Which dimensions besides x and y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dims {
    /// Heights.
    pub z: bool,
    /// Measures.
    pub m: bool,
}

impl Dims {
    /// Two, three or four.
    pub const fn count(self) -> usize {
        2 + self.z as usize + self.m as usize
    }
}

/// The subtypes with their numbers in well-known binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 1
    Point = 1,
    /// 2
    Line,
    /// 3
    Polygon,
    /// 4
    MultiPoint,
    /// 5
    MultiLine,
    /// 6
    MultiPolygon,
    /// 7
    Collection,
}

impl Kind {
    /// All of them in order of their numbers.
    pub const ALL: [Kind; 7] = [
        Kind::Point,
        Kind::Line,
        Kind::Polygon,
        Kind::MultiPoint,
        Kind::MultiLine,
        Kind::MultiPolygon,
        Kind::Collection,
    ];

    /// Upper-case name in well-known text.
    pub const fn wkt(self) -> &'static str {
        match self {
            Kind::Point => "POINT",
            Kind::Line => "LINESTRING",
            Kind::Polygon => "POLYGON",
            Kind::MultiPoint => "MULTIPOINT",
            Kind::MultiLine => "MULTILINESTRING",
            Kind::MultiPolygon => "MULTIPOLYGON",
            Kind::Collection => "GEOMETRYCOLLECTION",
        }
    }

    /// Name in GeoJSON and in ST_GeometryType.
    pub const fn title(self) -> &'static str {
        match self {
            Kind::Point => "Point",
            Kind::Line => "LineString",
            Kind::Polygon => "Polygon",
            Kind::MultiPoint => "MultiPoint",
            Kind::MultiLine => "MultiLineString",
            Kind::MultiPolygon => "MultiPolygon",
            Kind::Collection => "GeometryCollection",
        }
    }

    /// What a multi-geometry of this kind is made of; None for simple kinds and collections.
    pub const fn element(self) -> Option<Kind> {
        match self {
            Kind::MultiPoint => Some(Kind::Point),
            Kind::MultiLine => Some(Kind::Line),
            Kind::MultiPolygon => Some(Kind::Polygon),
            _ => None,
        }
    }

    /// The multi-geometry of elements of this kind.
    pub const fn multi(self) -> Kind {
        match self {
            Kind::Point => Kind::MultiPoint,
            Kind::Line => Kind::MultiLine,
            Kind::Polygon => Kind::MultiPolygon,
            other => other,
        }
    }
}

/// The positions of a geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A point, or the empty point.
    Point(Option<Coord>),
    /// A linestring; empty without positions.
    Line(Vec<Coord>),
    /// Rings, the first the exterior; empty without rings.
    Polygon(Vec<Vec<Coord>>),
    /// A multi-geometry or collection of this kind.
    Multi(Kind, Vec<Shape>),
}

impl Shape {
    /// The subtype.
    pub fn kind(&self) -> Kind {
        match self {
            Shape::Point(_) => Kind::Point,
            Shape::Line(_) => Kind::Line,
            Shape::Polygon(_) => Kind::Polygon,
            Shape::Multi(kind, _) => *kind,
        }
    }

    /// An empty shape of a kind.
    pub fn empty(kind: Kind) -> Shape {
        match kind {
            Kind::Point => Shape::Point(None),
            Kind::Line => Shape::Line(vec![]),
            Kind::Polygon => Shape::Polygon(vec![]),
            multi => Shape::Multi(multi, vec![]),
        }
    }

    /// Without any position.
    pub fn is_empty(&self) -> bool {
        match self {
            Shape::Point(c) => c.is_none(),
            Shape::Line(c) => c.is_empty(),
            Shape::Polygon(rings) => rings.iter().all(Vec::is_empty),
            Shape::Multi(_, items) => items.iter().all(Shape::is_empty),
        }
    }

    /// Every position in order.
    pub fn each(&self, f: &mut impl FnMut(Coord)) {
        match self {
            Shape::Point(c) => c.iter().for_each(|c| f(*c)),
            Shape::Line(c) => c.iter().for_each(|c| f(*c)),
            Shape::Polygon(rings) => rings.iter().flatten().for_each(|c| f(*c)),
            Shape::Multi(_, items) => items.iter().for_each(|s| s.each(f)),
        }
    }

    /// The same shape with every position changed.
    #[must_use]
    pub fn map(&self, f: &mut impl FnMut(Coord) -> Coord) -> Shape {
        match self {
            Shape::Point(c) => Shape::Point(c.map(f)),
            Shape::Line(c) => Shape::Line(c.iter().map(|c| f(*c)).collect()),
            Shape::Polygon(rings) => Shape::Polygon(
                rings
                    .iter()
                    .map(|r| r.iter().map(|c| f(*c)).collect())
                    .collect(),
            ),
            Shape::Multi(kind, items) => {
                Shape::Multi(*kind, items.iter().map(|s| s.map(f)).collect())
            }
        }
    }

    /// All positions.
    pub fn coords(&self) -> Vec<Coord> {
        let mut out = vec![];
        self.each(&mut |c| out.push(c));
        out
    }

    /// Points, linestrings and polygons in order, whatever holds them.
    pub fn simple(&self) -> Vec<&Shape> {
        match self {
            Shape::Multi(_, items) => items.iter().flat_map(Shape::simple).collect(),
            one => vec![one],
        }
    }

    /// Rings of polygons at any depth.
    pub fn rings(&self) -> Vec<&Vec<Coord>> {
        self.simple()
            .into_iter()
            .filter_map(|s| match s {
                Shape::Polygon(rings) => Some(rings),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// 0 for points, 1 for lines, 2 for polygons, the largest for collections (0 when empty).
    pub fn dimension(&self) -> i64 {
        match self {
            Shape::Point(_) => 0,
            Shape::Line(_) => 1,
            Shape::Polygon(_) => 2,
            Shape::Multi(Kind::MultiPoint, _) => 0,
            Shape::Multi(Kind::MultiLine, _) => 1,
            Shape::Multi(Kind::MultiPolygon, _) => 2,
            Shape::Multi(_, items) => items.iter().map(Shape::dimension).max().unwrap_or(0),
        }
    }
}

/// Smallest and largest value per dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest values.
    pub min: Coord,
    /// Largest values.
    pub max: Coord,
}

/// A geometry or geography.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// Spatial reference system; 0 is unknown.
    pub srid: i32,
    /// Dimensions of all positions.
    pub dims: Dims,
    /// Positions.
    pub shape: Shape,
    /// Whether it is kept with its bounding box (AddBBox, DropBBox); every new geometry is.
    pub boxed: bool,
}

impl Geometry {
    /// A geometry of two dimensions.
    pub fn new(srid: i32, shape: Shape) -> Self {
        Geometry {
            srid,
            dims: Dims::default(),
            shape,
            boxed: true,
        }
    }

    /// Another shape in the same reference system and dimensions.
    #[must_use]
    pub fn with(&self, shape: Shape) -> Self {
        Geometry {
            srid: self.srid,
            dims: self.dims,
            shape,
            boxed: true,
        }
    }

    /// Another shape of two dimensions in the same reference system.
    #[must_use]
    pub fn flat(&self, shape: Shape) -> Self {
        Geometry::new(self.srid, shape)
    }

    /// The subtype.
    pub fn kind(&self) -> Kind {
        self.shape.kind()
    }

    /// Without any position.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// The extent; None when empty.
    pub fn bounds(&self) -> Option<Bounds> {
        let mut bounds: Option<Bounds> = None;
        self.shape.each(&mut |c| {
            let b = bounds.get_or_insert(Bounds { min: c, max: c });
            for (low, high, v) in [
                (&mut b.min.x, &mut b.max.x, c.x),
                (&mut b.min.y, &mut b.max.y, c.y),
                (&mut b.min.z, &mut b.max.z, c.z),
                (&mut b.min.m, &mut b.max.m, c.m),
            ] {
                *low = low.min(v);
                *high = high.max(v);
            }
        });
        bounds
    }
}
