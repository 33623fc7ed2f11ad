/** Where a parcel goes. */
export interface Address {
  street: string;
  postcode: string;
  city: string;
  country: string;
  geo: { latitude: number; longitude: number; accuracy: { metres: number; source: string } };
}

/** A person who buys here. */
export interface Customer {
  id: string;
  name: string;
  email: string;
  phone: string;
  loyalty: 'none' | 'silver' | 'gold';
  address: Address;
  card: { holder: string; number: string; expires: string };
  passwordHash: string;
  apiToken: string;
  note?: string;
}

// None of these people exist: reserved domains and phone ranges, card numbers made for tests, tokens that open nothing.
const customers: Customer[] = [
  {
    id: 'C-101',
    name: 'Hannah Lindqvist',
    email: 'hannah.lindqvist@example.com',
    phone: '+44 20 7946 0018',
    loyalty: 'silver',
    address: {
      street: '14 Plover Lane',
      postcode: 'E8 3QN',
      city: 'London',
      country: 'GB',
      geo: { latitude: 51.5447, longitude: -0.0554, accuracy: { metres: 12, source: 'postcode' } },
    },
    card: { holder: 'H LINDQVIST', number: '4111 1111 1111 1111', expires: '09/29' },
    passwordHash: '$2b$12$Zq3vN8yT1kWmR7uXc5LhPeJ4sA9dF2gB6nQ0iVoUtYxEwHrKzCMla',
    apiToken: 'shop_test_7f3a91c05be24d6889e1f0c2a4b7d593',
    note: 'Ring +44 20 7946 0018 before delivery, or write to hannah.lindqvist@example.com.',
  },
  {
    id: 'C-102',
    name: 'Mateo Ferreira',
    email: 'mateo.ferreira@example.org',
    phone: '+1 202-555-0143',
    loyalty: 'gold',
    address: {
      street: '2208 Alder Street NW',
      postcode: '20009',
      city: 'Washington',
      country: 'US',
      geo: { latitude: 38.9197, longitude: -77.0371, accuracy: { metres: 30, source: 'street' } },
    },
    card: { holder: 'MATEO FERREIRA', number: '5555 5555 5555 4444', expires: '01/30' },
    passwordHash: '$2b$12$T5mYb0WcV9oKx2JrP8nLeuQ7hD1sG4zA6fXiEvRqUwNtCkHyMjBOa',
    apiToken: 'shop_test_1c88e5d7a0f94b3fa2d6034be97c51d8',
  },
  {
    id: 'C-103',
    name: 'Aylin Kaya',
    email: 'aylin.kaya@example.net',
    phone: '+49 30 23125 042',
    loyalty: 'none',
    address: {
      street: 'Kastanienweg 7',
      postcode: '10115',
      city: 'Berlin',
      country: 'DE',
      geo: { latitude: 52.5323, longitude: 13.3846, accuracy: { metres: 8, source: 'house' } },
    },
    card: { holder: 'AYLIN KAYA', number: '4012 8888 8888 1881', expires: '11/28' },
    passwordHash: '$2b$12$H8gLr3QxV6tYp1JmZ5wKduF0cN7bA2sE9oXiUvTqRyWnCkDhMjBGe',
    apiToken: 'shop_test_e04b27f69c1d4e5795ab83d0f2c6714a',
    note: 'Refunds to DE89 3704 0044 0532 0130 00, please.',
  },
  {
    id: 'C-104',
    name: 'Jean-Luc Moreau',
    email: 'jl.moreau@example.com',
    phone: '+33 1 99 00 27 64',
    loyalty: 'silver',
    address: {
      street: '31 rue des Tilleuls',
      postcode: '69003',
      city: 'Lyon',
      country: 'FR',
      geo: { latitude: 45.7578, longitude: 4.8583, accuracy: { metres: 15, source: 'street' } },
    },
    card: { holder: 'JEAN-LUC MOREAU', number: '3782 822463 10005', expires: '04/29' },
    passwordHash: '$2b$12$K2dWn6SvC0qXe4MtY8uJpiB3hR7gL1zF5oAaEvTxQyNwUkHrMjPGc',
    apiToken: 'shop_test_59d2c7b81fa0463e8cb7e6a19f30d42b',
  },
  {
    id: 'C-105',
    name: 'Priya Raman',
    email: 'priya.raman@example.org',
    phone: '+1 415-555-0172',
    loyalty: 'none',
    address: {
      street: '77 Cypress Court',
      postcode: '94110',
      city: 'San Francisco',
      country: 'US',
      geo: { latitude: 37.7486, longitude: -122.4158, accuracy: { metres: 22, source: 'street' } },
    },
    card: { holder: 'PRIYA RAMAN', number: '6011 1111 1111 1117', expires: '07/31' },
    passwordHash: '$2b$12$N7kTz4RwX1pYc9HsV3mGeoD6uJ0fL8bA2qWiEvQxSyCtUnKrMjBPa',
    apiToken: 'shop_test_a6f10e93d84c4b27b15c2e70d9f8463c',
  },
];

const byId = new Map(customers.map((customer) => [customer.id, customer]));

/** Every customer, for the shop's own traffic. */
export function listCustomers(): readonly Customer[] {
  return customers;
}

/** The customer of a number, if there is one. */
export function findCustomer(id: string): Customer | undefined {
  return byId.get(id);
}
