using System.Security.Cryptography;

namespace PgListener.Testing;

/// <summary>Creates random passwords of letters and digits, which need no quoting.</summary>
internal static class Password
{
    public static string Next() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
