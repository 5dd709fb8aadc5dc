"use strict";

const swagger = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: swagger.dataset.document,
  domNode: swagger,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  docExpansion: "none",
  filter: true,
  persistAuthorization: true,
  defaultModelsExpandDepth: -1,
  validatorUrl: null,
});
