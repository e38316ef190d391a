/* @model
kind: tabel
materialised: view
columns:
  order_idd: {tests: [unique]}
  amount: {type: varchar, tests: [{range: {minimum: 0}}]}
*/
select order_id, amount from stg_orders
