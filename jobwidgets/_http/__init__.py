"""One exchange with a server: a request, to a document or a typed error."""
