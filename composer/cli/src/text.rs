//! How quantities, digests and tables are written for people.

use registry_client::Digest;

/// A number of bytes: `512 B`, `1.5 KiB`, `3.0 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths, rounded down, in whole numbers: the same on every platform.
    let mut tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A number of things, by the singular of their name: `1 instance`, `2 instances`.
pub(crate) fn count(number: usize, singular: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {singular}{ending}")
}

/// A digest in short, for where the whole is in the lock: `sha256:0123456789ab`.
pub(crate) fn short(digest: Digest) -> String {
    let text = digest.to_string();
    let length = text.find(':').map_or(0, |colon| colon + 1) + 12;
    text.chars().take(length).collect()
}

/// Rows in columns, two spaces between them.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_suits_them() {
        let sizes = [0, 1023, 1024, 1536, 10_239, 1024 * 1024 - 1, 1024 * 1024, 5 * 1024 * 1024 * 1024];
        let shown: Vec<String> = sizes.into_iter().map(size).collect();
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "9.9 KiB", "1023.9 KiB", "1.0 MiB", "5.0 GiB"]);
    }

    #[test]
    fn the_largest_size_has_a_form_too() {
        assert!(size(u64::MAX).ends_with("TiB"));
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!([0, 1, 2].map(|number| count(number, "link")), ["0 links", "1 link", "2 links"]);
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["a", "→ b", ""], ["long", "c", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a     → b\nlong  c    d\n");
    }
}
