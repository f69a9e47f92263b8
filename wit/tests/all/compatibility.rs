//! What is said about two versions of a package.
