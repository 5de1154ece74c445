export { access, calls } from './access.ts';
export { around } from './around.ts';
export { type Declared, type Fields, flatten } from './declared.ts';
export { type Fact, type FactName, facts } from './facts.ts';
export { http } from './http.ts';
export { postgres, type Table } from './postgres.ts';
export { type RedisGrant, type RedisKeys, type RedisService, redis, redisServices } from './redis.ts';
export { globOf, type RedisUserLine, redisUsers } from './redis-users.ts';
export { wire } from './wire.ts';
