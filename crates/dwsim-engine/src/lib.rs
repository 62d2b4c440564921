//! One columnar SQL engine for two warehouse dialects, on Apache DataFusion
