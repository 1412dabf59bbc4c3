// Shows the description; the library would ask a server of its own whether it is valid.
const reader = document.getElementById("reader");
SwaggerUIBundle({
  domNode: reader,
  url: reader.dataset.description,
  deepLinking: true,
  validatorUrl: null,
});
