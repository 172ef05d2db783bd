//! Soft tokens over AST, the servlet of Protocol Gateway that takes what it is to certify from the headers of its caller.
