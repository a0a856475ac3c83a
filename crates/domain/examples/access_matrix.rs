//! Prints the matrix of rights: `cargo run -p domain --example access_matrix > crates/domain/src/access/golden/matrix.txt`.

fn main() {
    print!("{}", domain::access::render());
}
