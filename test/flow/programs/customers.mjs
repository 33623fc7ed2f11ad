// Looks at the same customer fifty times a second.
function visit(customer) {
  const { loyaltyNumber } = customer;
  return loyaltyNumber.length; // <- customer
}

const customer = { id: 'C-101', visits: 0, loyaltyNumber: 'LY 4471 north' };
setInterval(() => {
  customer.visits++;
  visit(customer);
}, 20);
