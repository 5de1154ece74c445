import type { Locator, Page } from 'playwright-core';

/** What a person does in the page, by what they see there. */
export class Person {
  readonly page: Page;
  readonly name: string;

  constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  async signUp(): Promise<this> {
    await this.page.getByLabel('Your user name').fill(this.name);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.isOnline();
    return this;
  }

  async isOnline(): Promise<void> {
    await this.page.getByText('Connected', { exact: true }).waitFor();
  }

  async isOffline(): Promise<void> {
    await this.page.getByText(/^(?:Offline|Connecting…)/).waitFor();
  }

  async begin(other: string): Promise<void> {
    await this.page.getByRole('link', { name: 'New conversation' }).click();
    await this.page.getByLabel('User name').fill(other);
    await this.page.getByRole('button', { name: 'Begin' }).click();
    await this.field.waitFor();
  }

  async beginGroup(name: string, members: readonly string[]): Promise<void> {
    await this.page.getByRole('link', { name: 'New group' }).click();
    await this.page.getByLabel('Name of the group').fill(name);
    await this.page.getByLabel('Members').fill(members.join(', '));
    await this.page.getByRole('button', { name: 'Create group' }).click();
    await this.field.waitFor();
  }

  /** From the list at the side. */
  async look(title: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link').filter({ hasText: title }).click();
    await this.page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }

  async accept(title: string): Promise<void> {
    await this.look(title);
    await this.page.getByRole('button', { name: 'Accept' }).click();
    await this.field.waitFor();
  }

  /** `shown`: how it reads once it is formatted. */
  async say(text: string, shown = text): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
    await this.sees(shown);
  }

  async sees(text: string): Promise<void> {
    await this.bubble(text).first().waitFor();
  }

  async seesStatus(text: string, status: string): Promise<void> {
    await this.bubble(text).getByRole('img', { name: status }).waitFor();
  }

  /** Stored, or further already: whoever is online receives it a moment later. */
  async seesStored(text: string): Promise<void> {
    await this.bubble(text)
      .getByRole('img', { name: /^(?:Stored by the server|Delivered|Read)$/ })
      .waitFor();
  }

  get field(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  bubble(text: string): Locator {
    return this.page.getByRole('article').filter({ hasText: text });
  }
}
