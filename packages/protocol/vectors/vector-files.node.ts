import { readVectorText } from './read.ts';

export const readVectors = async (name: string): Promise<string> => readVectorText(name);
