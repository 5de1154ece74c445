import { useEffect, useState } from 'preact/hooks';
import { fromHash, type Route, toHash } from './routes.ts';

export function useRoute(): Route {
  const [route, setRoute] = useState(() => fromHash(location.hash));
  useEffect(() => {
    const follow = () => setRoute(fromHash(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

export function go(route: Route): void {
  location.hash = toHash(route);
}
