namespace System.Runtime.CompilerServices;

/// <summary>A type that the compiler needs for records, and that .NET Standard 2.0 lacks.</summary>
internal static class IsExternalInit;
