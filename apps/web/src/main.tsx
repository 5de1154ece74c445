import { render } from 'preact';
import { App } from './door/app.tsx';
import { loadPreferences, showTheme } from './session/preferences.ts';
import { profileOf } from './session/profile.ts';

const profile = profileOf(location.search);
// before anything is drawn, so that nothing flashes
showTheme(loadPreferences(profile).theme);
// removes the loading message
document.body.replaceChildren();
render(<App profile={profile} />, document.body);
