//! What AST and EUI have in common: answers, errors, pages, faults, EUI's own element.
