//! Certificates and soft tokens over EUI, the servlet of Protocol Gateway behind its web pages.
