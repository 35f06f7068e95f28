/** `builds`: class rules may go beyond RFC 9111; `standards`: RFC 9111 alone. */
export type Profile = 'builds' | 'standards'
