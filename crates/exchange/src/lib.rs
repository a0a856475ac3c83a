//! Tables in and out: CSV, XLSX and JSON files, read by mapping files and written so that they read back the same.
//!
//! Reading is bounded before it is parsed and streams in constant memory. Each row ends as records or as reasons, so
//! that rows in = rows accounted for (F01). This room does not know the register: what a record changes is decided
//! elsewhere.

pub mod errors_file;
pub mod export;
pub mod fuzzing;
pub mod intake;
pub mod limits;
pub mod map;
pub mod refusal;
pub mod row;
pub mod source;
pub mod suggest;
pub mod write;

pub use errors_file::ErrorsFile;
pub use limits::Limits;
pub use map::{MapFault, Mapping, Noun};
pub use refusal::{FileRefusal, RowError};
pub use row::{MappedField, MappedRecord, RowOutcome, RowStream, Value, open, open_export, open_path};
