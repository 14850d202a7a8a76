// Addresses as they are compared. Used wherever two that come from different places are.
import ipaddr from 'ipaddr.js'

/** The one spelling of an IPv4 or IPv6 address (RFC 5952); IPv4 mapped into IPv6, as who listens for both families passes it on, is IPv4. What is no address stays as it is. */
export function canonical(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address
}
