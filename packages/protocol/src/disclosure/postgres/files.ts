import { FOREVER, SETTLED, type Tables, USER } from './table.ts';

/** Files, who may have them, and their chunks. */
export const filesTables: Tables = {
  'files.storage': {
    kept: FOREVER,
    columns: {
      user_id: USER,
      used: 'bytes in use',
      reserved: 'bytes on their way',
      files: 'how many',
      quota: 'bytes that an admin allows this user; none: as many as everybody',
    },
  },
  'files.files': {
    kept: 'a week when it is not complete, 30 days when it is, or until it is taken back',
    columns: {
      id: 'the file’s number',
      ext_id: 'its random id',
      owner_id: 'who offers it',
      conversation: 'in which conversation',
      max_size: 'bytes of ciphertext at most',
      chunk_size: 'how it is cut',
      max_chunks: 'into how many',
      state: 'how far it is',
      received: 'bytes that have come',
      size: 'bytes of ciphertext',
      sha256: 'SHA-256 of the ciphertext',
      verifier: SETTLED,
      verifier_until: SETTLED,
      expires_at: 'when it is deleted',
      created_at: 'when it was offered',
    },
  },
  'files.grants': {
    kept: 'with the file',
    columns: {
      file_id: 'the file’s number',
      user_id: 'who may download it',
      declined: 'whether the user does not want it',
    },
  },
  'files.chunks': {
    kept: 'with the file',
    columns: {
      file_id: 'the file’s number',
      idx: 'which chunk',
      len: 'its bytes',
      sha256: 'SHA-256 of its ciphertext',
      object:
        'the name of the object with its ciphertext, where there is a bucket: both numbers, and a random one',
    },
  },
  'files.blobs': {
    kept: 'with the file',
    columns: { file_id: 'the file’s number', idx: 'which chunk', bytes: 'ciphertext' },
  },
  'files.token_keys': {
    kept: 'the two newest',
    columns: { id: SETTLED, key: 'a secret of the service, for its tokens', made_at: SETTLED },
  },
};
