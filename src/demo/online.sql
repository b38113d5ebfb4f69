-- The web shop: the customer tables of a channel, with uuid keys, and a catalogue of its own making.
create schema shop;

create table shop.segment (
  segment_id bigint generated always as identity primary key,
  code varchar(10) not null unique,
  label varchar(60) not null
);

create table shop.customer (
  id uuid primary key default gen_random_uuid(),
  account_num varchar(20) unique,
  cust_account_async uuid unique,
  full_name varchar(120) not null,
  segment_id bigint not null references shop.segment,
  email_address varchar(254),
  tel varchar(30),
  country varchar(40) not null,
  language varchar(5) not null default 'en',
  credit numeric(12,2) not null default 0,
  newsletter boolean not null default false,
  preferences jsonb not null default '{}',
  registered_at timestamptz not null default now()
);

create table shop.address (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null references shop.customer,
  kind varchar(10) not null,
  street varchar(160) not null,
  zip varchar(16),
  town varchar(80) not null,
  country varchar(40) not null
);
create index on shop.address (customer_id);

create table shop.catalog_item (
  catalog_id bigint generated always as identity primary key,
  article_no varchar(20) not null unique,
  headline varchar(120) not null,
  body text,
  section varchar(30) not null,
  list_price numeric(12,2) not null,
  gtin varchar(14),
  seller varchar(40) not null,
  clicks bigint not null default 0
);
