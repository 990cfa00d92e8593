using System.Collections.Concurrent;

namespace Orders;

/// <summary>The customers without a mail address whom the mail service knows nevertheless, in this process.</summary>
internal sealed class AddressBook
{
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    public void Add(string customer) => _known[customer] = true;

    public bool Knows(string customer) => customer.Contains('@', StringComparison.Ordinal) || _known.ContainsKey(customer);
}
