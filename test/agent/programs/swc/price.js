export function priceOf(item) {
    const { price } = item;
    return price; // <- price
}

//# sourceMappingURL=price.js.map
