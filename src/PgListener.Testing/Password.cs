using System.Security.Cryptography;

namespace PgListener.Testing;

/// <summary>Makes passwords that nobody can guess, of letters and digits, which need no quoting anywhere.</summary>
internal static class Password
{
    public static string Next() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
