"use strict";

const reference = document.getElementById("redoc");
const options = {
  nonce: reference.dataset.nonce,
  theme: { typography: { fontFamily: "sans-serif", headings: { fontFamily: "sans-serif" } } },
};

// ReDoc shows a logo of its makers and would fetch it from them. React writes the attribute, then the property.
const isForeign = (address) => new URL(address, location.href).host === "cdn.redoc.ly";
const images = HTMLImageElement.prototype;
const source = Object.getOwnPropertyDescriptor(images, "src");
images.setAttribute = function (name, value) {
  if (name !== "src" || !isForeign(value)) Element.prototype.setAttribute.call(this, name, value);
};
Object.defineProperty(images, "src", {
  ...source,
  set(value) {
    if (isForeign(value)) {
      setTimeout(() => this.dispatchEvent(new Event("error"))); // ReDoc then takes the place away
    } else {
      source.set.call(this, value);
    }
  },
});

Redoc.init(reference.dataset.document, options, reference);
