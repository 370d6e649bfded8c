//! The program: joins the doors of the house.

fn main() {}
