//! Bounds on what a file may ask of this process, checked before or while it is parsed.

/// How large and how deep a file may be. The defaults pass a whole-population register and refuse what no
/// honest file needs.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a text file (CSV, JSON).
    pub max_file_bytes: u64,
    /// Columns of a table, or distinct flattened paths of JSON objects.
    pub max_columns: usize,
    /// UTF-8 bytes in one cell; a larger one is an error of its row.
    pub max_cell_bytes: usize,
    /// UTF-8 bytes in one row; a larger one refuses the file, because where the row ends is then in doubt.
    pub max_row_bytes: usize,
    /// Rows of a file, blank ones not counted.
    pub max_rows: u64,
    /// Nesting of arrays and objects within one JSON record.
    pub max_depth: usize,
    /// Bounds of a workbook, which arrives compressed.
    pub workbook: WorkbookLimits,
}

/// Absolute caps on a workbook's archive. Ratios are not judged: an honest sheet may compress a hundredfold.
#[derive(Clone, Debug)]
pub struct WorkbookLimits {
    /// Bytes of the compressed file.
    pub max_file_bytes: u64,
    /// Parts (zip entries) in the archive.
    pub max_entries: u64,
    /// Inflated bytes of one part.
    pub max_part_bytes: u64,
    /// Inflated bytes of all parts together.
    pub max_total_bytes: u64,
    /// Inflated bytes of the shared text table, which is held in memory.
    pub max_shared_bytes: u64,
    /// Entries of the shared text table.
    pub max_shared_strings: u64,
    /// Inflated bytes of a part that is held in memory and is not text (styles, relationships, theme).
    pub max_small_part_bytes: u64,
    /// Text produced by all cells, where one shared text may stand in many.
    pub max_text_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 2 << 30,
            max_columns: 1_000,
            max_cell_bytes: 64 << 10,
            max_row_bytes: 4 << 20,
            max_rows: 20_000_000,
            max_depth: 16,
            workbook: WorkbookLimits::default(),
        }
    }
}

impl Default for WorkbookLimits {
    fn default() -> Self {
        Self {
            max_file_bytes: 128 << 20,
            max_entries: 2_000,
            max_part_bytes: 400 << 20,
            max_total_bytes: 512 << 20,
            max_shared_bytes: 64 << 20,
            max_shared_strings: 1_200_000,
            max_small_part_bytes: 2 << 20,
            max_text_bytes: 1 << 30,
        }
    }
}
