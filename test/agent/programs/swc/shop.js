import { priceOf } from './price.js';
var Status = /*#__PURE__*/ function(Status) {
    Status["Open"] = "open";
    Status["Paid"] = "paid";
    return Status;
}(Status || {});
export class Checkout {
    currency;
    discount = 0.5;
    constructor(currency){
        this.currency = currency;
    }
    async total(order) {
        const status = "open";
        await Promise.resolve();
        let sum = 0;
        // A comment, then code: asking for this line gives the next one.
        for (const item of order.items){
            const price = priceOf(item) * this.discount;
            sum += price; // <- sum
        }
        return status === "open" && this.currency ? sum : 0;
    }
}
export const run = ()=>new Checkout('EUR').total({
        id: 'o1',
        items: [
            {
                name: 'cup',
                price: 8
            }
        ]
    });

//# sourceMappingURL=shop.js.map
